// web-client: requests by the HTTP client of Go's standard library, which many programs have: HTTP/2 where the server offers it.
//
//	web-client [OPTION...] URL
//
// A line for each response: protocol, status, octets of the body, TLS version or "plain", "full" or "resumed" for the handshake of
// its connection. Fails with the first request that fails; a status is not a failure.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

var (
	ca       = flag.String("ca", "", "file of the certificates to trust")
	cert     = flag.String("cert", "", "file of the client's certificate")
	key      = flag.String("key", "", "file of its key")
	connect  = flag.String("connect", "", "ADDRESS:PORT in place of what the URL's host has")
	protocol = flag.String("protocol", "any", "any: what ALPN chooses; h1; h2; h2c: HTTP/2 without TLS, by prior knowledge")
	count    = flag.Int("n", 1, "requests")
	parallel = flag.Int("parallel", 1, "of them at a time")
	each     = flag.Bool("connection-each", false, "a connection for each request; later ones resume the TLS session")
	post     = flag.Int("post", -1, "a POST with so many octets")
	timeout  = flag.Duration("timeout", 30*time.Second, "for each request")
)

func tlsConfig() (*tls.Config, error) {
	config := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate", *ca)
		}
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func protocols() (*http.Protocols, error) {
	p := new(http.Protocols)
	switch *protocol {
	case "any":
		p.SetHTTP1(true)
		p.SetHTTP2(true)
	case "h1":
		p.SetHTTP1(true)
	case "h2":
		p.SetHTTP2(true)
	case "h2c":
		p.SetUnencryptedHTTP2(true)
	default:
		return nil, errors.New("unknown protocol " + *protocol)
	}
	return p, nil
}

func newClient() (*http.Client, error) {
	config, err := tlsConfig()
	if err != nil {
		return nil, err
	}
	allowed, err := protocols()
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if *connect != "" {
			address = *connect
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	transport := &http.Transport{TLSClientConfig: config, Protocols: allowed, DialContext: dial, DisableKeepAlives: *each,
		MaxIdleConnsPerHost: *parallel}
	stop := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, Timeout: *timeout, CheckRedirect: stop}, nil
}

func newRequest(url string) (*http.Request, error) {
	if *post < 0 {
		return http.NewRequest("GET", url, nil)
	}
	return http.NewRequest("POST", url, bytes.NewReader(make([]byte, *post)))
}

func handshake(state *tls.ConnectionState) string {
	if state == nil {
		return "plain -"
	}
	if state.DidResume {
		return tls.VersionName(state.Version) + " resumed"
	}
	return tls.VersionName(state.Version) + " full"
}

func request(client *http.Client, url string) (string, error) {
	r, err := newRequest(url)
	if err != nil {
		return "", err
	}
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	octets, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %d %s", response.Proto, response.StatusCode, octets, handshake(response.TLS)), nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "web-client:", err)
	os.Exit(1)
}

func main() {
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	client, err := newClient()
	if err != nil {
		fail(err)
	}
	var all sync.WaitGroup
	turns := make(chan struct{}, *parallel)
	for range *count {
		turns <- struct{}{}
		all.Go(func() {
			line, err := request(client, flag.Arg(0))
			if err != nil {
				fail(err)
			}
			fmt.Println(line)
			<-turns
		})
	}
	all.Wait()
}
