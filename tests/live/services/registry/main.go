// An in-memory schema registry with Confluent's REST API, for tests: franz-go's fake behind a fixed port, and behind
// basic authentication when a user is given. The fake picks its own port, so requests are passed on to it.
package main

import (
	"crypto/subtle"
	"flag"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/sr/srfake"
)

// guard answers 401 unless the request names the user and the password.
func guard(user, password string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, p, ok := r.BasicAuth()
		same := subtle.ConstantTimeCompare([]byte(u+":"+p), []byte(user+":"+password)) == 1
		if !ok || !same {
			w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error_code":401,"message":"Unauthorized"}`))
			return
		}
		r.Header.Del("Authorization")
		next.ServeHTTP(w, r)
	})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:18085", "address to listen on")
	account := flag.String("user", "", "user:password to ask for; empty: anybody")
	flag.Parse()

	fake := srfake.New()
	defer fake.Close()
	target, err := url.Parse(fake.URL())
	if err != nil {
		log.Fatal(err)
	}
	var handler http.Handler = httputil.NewSingleHostReverseProxy(target)
	if user, password, ok := strings.Cut(*account, ":"); ok {
		handler = guard(user, password, handler)
	}
	log.Fatal(http.ListenAndServe(*listen, handler))
}
