package dev.lifeboat.notify;

import dev.lifeboat.evidence.Redactor;
import dev.lifeboat.fault.OneLine;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that people are told.
 *
 * @param key what it is about: the same is told once to each target
 * @param environment {@code project/environment}
 * @param runId the run that it is about; empty: none
 * @param title one line
 * @param text what is safe and what to do next, and where to look
 * @param at when it came about (UTC)
 */
public record Notice(
        String key,
        NoticeEvent event,
        String environment,
        Optional<String> runId,
        String title,
        String text,
        Instant at) {
    public Notice {
        // a mail's header ends with its line
        title = OneLine.of(title);
    }

    /** It leaves this machine: no secret of the environment may be in the words of a tool that it quotes. */
    Notice redacted(Redactor redactor) {
        return new Notice(key, event, environment, runId, redactor.text(title), redactor.text(text), at);
    }
}
