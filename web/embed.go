// Package web holds the built web apps: the widget, the desk and the viewer.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist is what the web build wrote: the folders widget, desk and viewer. They
// are missing when the program was built without it.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: the embedded folder dist has gone: " + err.Error())
	}
	return sub
}
