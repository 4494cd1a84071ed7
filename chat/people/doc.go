// Package people knows who is who: agents who sign in with a password,
// visitors who hold a token, and visitors whom their site has vouched for.
package people
