-- An event's name counts within its environment: who may send events of one project takes none from another. What a token names as
-- its source stands behind 'token/', and is never that of a source that signs.
ALTER TABLE ops.events DROP CONSTRAINT events_pkey;
ALTER TABLE ops.events ADD PRIMARY KEY (environment_id, source, event_id);
