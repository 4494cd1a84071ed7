package routing

import (
	"context"
	"fmt"
)

// Ping says whether the server answers that has this workspace's keys. Other
// servers of a Cluster say nothing about it, whether they are well or not.
func (r *Router) Ping(ctx context.Context) error {
	if err := r.redis.Exists(ctx, r.keys[0]).Err(); err != nil {
		return fmt.Errorf("ask for the keys of routing: %w", err)
	}
	return nil
}
