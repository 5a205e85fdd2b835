package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.BackupType;
import dev.lifeboat.fault.OneLine;
import java.util.Optional;

/**
 * What a backup is asked to be; what is null or empty has its default.
 *
 * @param type what it covers
 * @param label the person's own name for it
 * @param fullFilestore whether every file is archived again, those too that earlier artifacts hold
 */
public record BackupOrder(BackupType type, Optional<String> label, Boolean fullFilestore) {
    /**
     * What is left out has its default.
     *
     * @throws dev.lifeboat.fault.FaultException BAD_INPUT where the label is not one line
     */
    public BackupOrder {
        type = type == null ? BackupType.FULL : type;
        label = label == null ? Optional.empty() : label;
        label.ifPresent(text -> OneLine.checked("label", text));
        fullFilestore = fullFilestore != null && fullFilestore;
    }
}
