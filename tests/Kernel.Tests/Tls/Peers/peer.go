package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// peer serve PORT CERT KEY | peer talk PORT CONNECTIONS EACH
func main() {
	port := os.Args[2]
	if os.Args[1] == "serve" {
		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello\n") })
		server := &http.Server{Addr: "127.0.0.1:" + port, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
		fmt.Println(server.ListenAndServeTLS(os.Args[3], os.Args[4]))
		return
	}
	connections, _ := strconv.Atoi(os.Args[3])
	each, _ := strconv.Atoi(os.Args[4])
	clients := make([]*http.Client, connections)
	locals := make([]int, connections)
	for c := range clients {
		c := c
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				locals[c] = conn.LocalAddr().(*net.TCPAddr).Port
			}
			return conn, err
		}
		clients[c] = &http.Client{Transport: &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxConnsPerHost: 1}}
		get(clients[c], port, "connect")
	}
	fmt.Println("connected")
	bufio.NewReader(os.Stdin).ReadString('\n')
	var all sync.WaitGroup
	for c := range clients {
		all.Add(1)
		go func(c int) {
			defer all.Done()
			for i := 0; i < each; i++ {
				get(clients[c], port, fmt.Sprintf("p%d-%d", locals[c], i))
			}
		}(c)
	}
	all.Wait()
}

func get(client *http.Client, port string, path string) {
	answer, err := client.Get("https://127.0.0.1:" + port + "/" + path)
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}
