// Package site reads the workspace file, which declares sites, queues,
// profiles, roles and agents, and gives quick answers about sites and queues.
package site
