// kube-plane: a real etcd, kube-apiserver and kubectl in one program, for tests only.
//
//	kube-plane serve -dir DIR [-port N] [-- flags of kube-apiserver]
//	kube-plane kubectl ...
//
// serve keeps state, certificates and a kubeconfig in DIR, so that it can go on from there when started again. It
// prints one line of JSON when the API server answers.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/component-base/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	command := ""
	if len(os.Args) > 1 {
		command, os.Args = os.Args[1], os.Args[1:]
	}
	switch command {
	case "serve":
		os.Exit(serve(os.Args[1:]))
	case "kubectl":
		os.Exit(cli.Run(kubectl.NewDefaultKubectlCommand()))
	default:
		fmt.Fprintln(os.Stderr, "usage: kube-plane serve|kubectl ...")
		os.Exit(2)
	}
}

func serve(args []string) int {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	dir := flags.String("dir", "", "folder for state, certificates and the kubeconfig (required)")
	port := flags.Int("port", 0, "port on 127.0.0.1 (0: a free one)")
	flags.Parse(args)
	if *dir == "" {
		flags.Usage()
		return 2
	}
	check(os.MkdirAll(*dir, 0o700))
	if *port == 0 {
		*port = freePort()
	}
	server := fmt.Sprintf("https://127.0.0.1:%d", *port)
	client, err := writeCredentials(*dir, server)
	check(err)
	etcd, err := startEtcd(*dir)
	check(err)
	defer etcd.Close()
	go announce(server, client)

	command := apiserver.NewAPIServerCommand()
	command.SetArgs(append(apiServerFlags(*dir, *port), flags.Args()...))
	return cli.Run(command)
}

func apiServerFlags(dir string, port int) []string {
	return []string{
		"--etcd-servers=unix://" + etcdSocket(dir),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + filepath.Join(dir, "server.crt"),
		"--tls-private-key-file=" + filepath.Join(dir, "server.key"),
		"--client-ca-file=" + filepath.Join(dir, "ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + filepath.Join(dir, "sa.key"),
		"--service-account-signing-key-file=" + filepath.Join(dir, "sa.key"),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--anonymous-auth=false",
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
		"--disable-admission-plugins=ServiceAccount", // no controller makes the default ServiceAccount
		"--profiling=false",
	}
}

// freePort may be taken by somebody else before it is used; the API server says so and ends.
func freePort() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// announce prints one line once the server answers and has made the namespace `default`.
func announce(server string, config *tls.Config) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: 5 * time.Second}
	for _, path := range []string{"/readyz", "/api/v1/namespaces/default"} {
		for !answers(client, server+path) {
			time.Sleep(50 * time.Millisecond)
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]string{"server": server, "version": version.Get().GitVersion})
}

func answers(client *http.Client, url string) bool {
	response, err := client.Get(url)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "kube-plane:", err)
		os.Exit(1)
	}
}
