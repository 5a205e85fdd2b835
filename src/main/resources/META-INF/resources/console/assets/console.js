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

async function follow(pause) {
  let next = PAUSE;
  try {
    const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) {
      throw new Error("status " + answer.status);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const log = live.querySelector(".log");
    const atEnd = !log || log.scrollHeight - log.scrollTop - log.clientHeight < 8;
    const top = log ? log.scrollTop : 0;
    const focused = document.activeElement === log;
    live.replaceChildren(...page.body.childNodes);
    const renewed = live.querySelector(".log");
    renewed.scrollTop = atEnd ? renewed.scrollHeight : top;
    if (focused) {
      renewed.focus({ preventScroll: true });
    }
    if (live.querySelector('.run[data-active="false"]')) {
      // once more and whole: the evidence is complete now
      location.reload();
      return;
    }
  } catch (error) {
    next = Math.min(pause * 2, LONGEST_PAUSE);
  }
  setTimeout(follow, next, next);
}

if (live) {
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

// The newest bars are on the right.
for (const end of document.querySelectorAll(".scroll.end")) {
  end.scrollLeft = end.scrollWidth;
}
