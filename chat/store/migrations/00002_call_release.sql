-- +goose Up
-- Whether the node of a call that is over has freed what the call had taken there.
ALTER TABLE calls ADD COLUMN released BIGINT NOT NULL DEFAULT 0;
UPDATE calls SET released = 1 WHERE state NOT IN ('asked', 'running');
CREATE INDEX calls_unreleased ON calls (workspace, node) WHERE released = 0;
CREATE INDEX cobrowses_ended ON cobrowses (workspace, ended);

-- +goose Down
DROP INDEX cobrowses_ended;
DROP INDEX calls_unreleased;
ALTER TABLE calls DROP COLUMN released;
