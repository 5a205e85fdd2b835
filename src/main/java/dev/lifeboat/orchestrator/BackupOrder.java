package dev.lifeboat.orchestrator;

import dev.lifeboat.artifact.BackupType;
import java.util.Optional;

/**
 * What a backup is asked to be; what is null or empty has its default.
 *
 * @param type what it covers
 * @param label the person's own name for it
 * @param fullFilestore whether every file is archived again, those too that earlier artifacts hold
 */
public record BackupOrder(BackupType type, Optional<String> label, Boolean fullFilestore) {
    public BackupOrder {
        type = type == null ? BackupType.FULL : type;
        label = label == null ? Optional.empty() : label;
        fullFilestore = fullFilestore != null && fullFilestore;
    }
}
