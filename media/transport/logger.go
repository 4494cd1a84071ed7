package transport

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// loggers gives every pion module the same logger, so that a connection costs
// no logger tree of its own. All levels arrive as debug: a peer can provoke
// pion's warnings at will, and what matters is the connection's error.
type loggers struct{ log *slog.Logger }

func (l *loggers) NewLogger(string) logging.LeveledLogger { return l }

func (l *loggers) text(msg string) { l.log.Debug(msg, "from", "pion") }

func (l *loggers) format(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.text(fmt.Sprintf(format, args...))
	}
}

func (l *loggers) Trace(string)                      {}
func (l *loggers) Tracef(string, ...any)             {}
func (l *loggers) Debug(msg string)                  { l.text(msg) }
func (l *loggers) Debugf(format string, args ...any) { l.format(format, args...) }
func (l *loggers) Info(msg string)                   { l.text(msg) }
func (l *loggers) Infof(format string, args ...any)  { l.format(format, args...) }
func (l *loggers) Warn(msg string)                   { l.text(msg) }
func (l *loggers) Warnf(format string, args ...any)  { l.format(format, args...) }
func (l *loggers) Error(msg string)                  { l.text(msg) }
func (l *loggers) Errorf(format string, args ...any) { l.format(format, args...) }
