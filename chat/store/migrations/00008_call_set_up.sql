-- When two parties of a call were connected first: a call that never gets there has failed to be set up.
-- +goose Up
ALTER TABLE calls ADD COLUMN set_up BIGINT NOT NULL DEFAULT 0; -- 0: not yet
UPDATE calls SET set_up = started WHERE state = 'running';

-- +goose Down
UPDATE offers SET outcome = 'accepted' WHERE outcome = 'failed_setup';
ALTER TABLE calls DROP COLUMN set_up;
