// All that a page does by itself. Every page works without it.
"use strict";

// A login link carries its code behind the #, which is never sent to a server; it is taken out of the address at once.
const login = document.querySelector("[data-login]");
if (login && location.hash.length > 1) {
  login.elements.credential.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  login.submit();
}

// A run that goes on is asked for again and again, until it is over.
const live = document.querySelector("[data-live]");
const PAUSE = 1000;
const LONGEST_PAUSE = 15000;

const lost = document.getElementById("lost");
let heard = new Date();

// What is read, typed at or marked stays where it is.
function renew(page) {
  const log = live.querySelector(".log");
  const atEnd = !log || log.scrollHeight - log.scrollTop - log.clientHeight < 8;
  const top = log ? log.scrollTop : 0;
  const focused = live.contains(document.activeElement) ? document.activeElement : null;
  const selection = document.getSelection();
  if (selection && !selection.isCollapsed && live.contains(selection.anchorNode)) {
    return;
  }
  live.replaceChildren(...page.body.childNodes);
  const renewed = live.querySelector(".log");
  renewed.scrollTop = atEnd ? renewed.scrollHeight : top;
  if (focused) {
    const same = focused.href
      ? [...live.querySelectorAll("a")].find((link) => link.href === focused.href)
      : renewed;
    (same || renewed).focus({ preventScroll: true });
  }
}

async function follow(pause) {
  let next = PAUSE;
  try {
    const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) {
      throw new Error("status " + answer.status);
    }
    renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
    heard = new Date();
    lost.hidden = true;
    if (live.querySelector('.run[data-active="false"]')) {
      // once more and whole: the evidence is complete now
      location.reload();
      return;
    }
  } catch (error) {
    next = Math.min(pause * 2, LONGEST_PAUSE);
    lost.querySelector("span").textContent = heard.toISOString().slice(11, 19);
    lost.hidden = false;
  }
  setTimeout(follow, next, next);
}

if (live) {
  const log = live.querySelector(".log");
  log.scrollTop = log.scrollHeight;
  setTimeout(follow, PAUSE, PAUSE);
}

// What destroys is held back until the name is typed; the server checks it again.
for (const form of document.querySelectorAll("[data-confirm]")) {
  const button = form.querySelector("button");
  const typed = form.elements.confirm;
  const weigh = () => { button.disabled = typed.value.trim() !== form.dataset.confirm; };
  typed.addEventListener("input", weigh);
  weigh();
}

// After a login elsewhere: from here the browser sends the session's cookie.
const go = document.querySelector("[data-go]");
if (go) {
  location.replace(go.href);
}

// On a narrow screen the section that is shown may lie beyond the edge.
const current = document.querySelector(".top nav [aria-current]");
if (current) {
  const bar = current.parentElement;
  bar.scrollLeft = current.offsetLeft - bar.offsetLeft - (bar.clientWidth - current.offsetWidth) / 2;
}

// The newest bars are on the right.
for (const end of document.querySelectorAll(".scroll.end")) {
  end.scrollLeft = end.scrollWidth;
}
