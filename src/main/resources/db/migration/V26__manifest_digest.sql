-- What a manifest was when its artifact was registered: a store's copy that has another is not believed.
ALTER TABLE ops.artifacts
    ADD COLUMN manifest_sha256 text CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$');

COMMENT ON COLUMN ops.artifacts.manifest_sha256 IS
    'SHA-256 of the bytes of artifact.json; NULL: registered before this was kept, and not read since';
