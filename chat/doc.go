// Package chat is the contact centre: conversations and what people do in them,
// from the first message to the cleared card. It joins the record (chat/store),
// which decides, with routing (chat/routing), which proposes, and tells the
// edge by hints which logs and views are to be read again.
package chat
