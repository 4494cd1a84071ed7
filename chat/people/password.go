package people

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Parameters of argon2id: 19 MiB, two passes, one lane.
const (
	memoryKiB = 19 << 10
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// MaxPassword is the longest password in bytes; a longer one is never right.
const MaxPassword = 1024

// hashing lets four passwords be worked on at once: 76 MiB, and never all
// cores. Others wait for a place until their context ends.
var hashing = make(chan struct{}, 4)

func takeTurn(ctx context.Context) (done func(), err error) {
	select {
	case hashing <- struct{}{}:
		return func() { <-hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// HashPassword makes the PHC string that is kept in place of a password.
func HashPassword(ctx context.Context, password string) (string, error) {
	done, err := takeTurn(ctx)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	defer done()
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, passes, memoryKiB, lanes, keyBytes)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, lanes, b64(salt), b64(key)), nil
}

// CheckPassword compares a password with a PHC string in constant time.
// outdated says that the hash was made with other parameters than today's.
func CheckPassword(ctx context.Context, phc, password string) (right, outdated bool, err error) {
	h, err := parsePHC(phc)
	if err != nil {
		return false, false, err
	}
	done, err := takeTurn(ctx)
	if err != nil {
		return false, false, fmt.Errorf("check password: %w", err)
	}
	defer done()
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
	right = subtle.ConstantTimeCompare(key, h.key) == 1 && len(password) <= MaxPassword
	return right, h.memory != memoryKiB || h.passes != passes || h.lanes != lanes || len(h.key) != keyBytes, nil
}

type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

var errPHC = errors.New("the stored password hash cannot be read")

func parsePHC(text string) (h phc, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, errPHC
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, errPHC
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return h, errPHC
	}
	if h.memory > 1<<20 || h.passes == 0 || h.passes > 16 || h.lanes == 0 || len(h.key) < 16 || len(h.key) > 128 {
		return h, errPHC
	}
	return h, nil
}
