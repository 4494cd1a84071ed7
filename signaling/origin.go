package signaling

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Origins are Parlour's own: the public URL's, and whatever Host a request
// came to. The Origin of the page that embeds the panel is not among them: it
// is held off by frame-ancestors and at the port's handshake.
type origins struct {
	public string // scheme://host[:port]
	secure bool   // browsers reach us by https
}

func newOrigins(o Options) (origins, error) {
	if o.PublicURL == "" {
		scheme := "http"
		if o.TLSCert != "" {
			scheme = "https"
		}
		return origins{public: scheme + "://" + o.Address, secure: o.TLSCert != ""}, nil
	}
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return origins{}, fmt.Errorf("build edge: the public URL %q is not http(s)://host", o.PublicURL)
	}
	return origins{public: u.Scheme + "://" + u.Host, secure: u.Scheme == "https"}, nil
}

// own says whether a request comes from one of our own pages, or from a
// program that is not a browser and says no origin. A page is ours at the public
// URL, and at the address that it asked itself: by https where the public URL is.
func (o origins) own(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || strings.EqualFold(origin, o.public) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) && (u.Scheme == "https" || !o.secure)
}

// sourceList makes a CSP source list of a site's origins; what is not an origin
// is left out.
func sourceList(list []string) string {
	var good []string
	for _, origin := range list {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.ContainsAny(u.Host, " ;,'\"*") {
			continue
		}
		good = append(good, u.Scheme+"://"+u.Host)
	}
	if len(good) == 0 {
		return "'none'"
	}
	return strings.Join(good, " ")
}
