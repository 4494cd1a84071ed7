-- +goose Up
-- Until when the question of a call or a co-browse session stands; 0: until it is answered or taken back.
ALTER TABLE calls ADD COLUMN deadline BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cobrowses ADD COLUMN deadline BIGINT NOT NULL DEFAULT 0;
UPDATE calls SET deadline = asked + 60000 WHERE state = 'asked';
UPDATE cobrowses SET deadline = asked + 60000 WHERE state = 'asked';
CREATE INDEX calls_asked ON calls (workspace, deadline) WHERE state = 'asked';
CREATE INDEX cobrowses_asked ON cobrowses (workspace, deadline) WHERE state = 'asked';

-- +goose Down
DROP INDEX cobrowses_asked;
DROP INDEX calls_asked;
ALTER TABLE cobrowses DROP COLUMN deadline;
ALTER TABLE calls DROP COLUMN deadline;
