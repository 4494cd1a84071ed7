package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql migrations/sqlite/*.sql
var migrations embed.FS

// migrate brings the tables up to date.
func migrate(ctx context.Context, p *goose.Provider) error {
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// migrationFiles are those of both databases, with those that are for one alone
// where a folder is named. All of them have numbers of one row.
func migrationFiles(own ...string) fs.FS {
	files := folders{folder("migrations")}
	for _, name := range own {
		files = append(files, folder("migrations/"+name))
	}
	return files
}

func folder(name string) fs.FS {
	sub, err := fs.Sub(migrations, name)
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}

// Folders are one that holds the files of all.
type folders []fs.FS

func (f folders) Open(name string) (fs.File, error) {
	err := fs.ErrNotExist
	for _, one := range f {
		var file fs.File
		if file, err = one.Open(name); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return nil, err
}

// ReadDir lists the files of all folders.
func (f folders) ReadDir(name string) ([]fs.DirEntry, error) {
	var list []fs.DirEntry
	for _, one := range f {
		more, err := fs.ReadDir(one, name)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}
