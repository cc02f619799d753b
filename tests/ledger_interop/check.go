// Reads a log of ours with golang.org/x/mod/sumdb: the checkpoint with note.Open, every tile with
// tlog.TileHashReader, entries and proofs with tlog.CheckRecord and tlog.CheckTree.
//
// usage: check FOLDER VKEY PROOF_FILE ADD_CHECKPOINT_BODY OLD_SIZE ROOT_FILE
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fatal(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "interop: "+format+"\n", args...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fatal("%s: %v", what, err)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	must(err, "read")
	return data
}

// Our tiles have height 8 and no height in their path; Go's have both.
type folder struct{ path string }

func (f folder) Height() int { return 8 }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(f.path, path))
		if err != nil {
			full := tile
			full.W = 256
			data, err = os.ReadFile(filepath.Join(f.path, "tile/"+strings.TrimPrefix(full.Path(), "tile/8/")))
			if err != nil {
				return nil, err
			}
			data = data[:tile.W*tlog.HashSize]
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func tree(text string) (string, tlog.Tree) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		fatal("a checkpoint of %d lines", len(lines))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "root")
	return lines[0], tlog.Tree{N: size, Hash: root}
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		must(err, "hash")
		all = append(all, hash)
	}
	return all
}

func entries(f folder, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: 8, L: -1, N: n, W: 256}
		if size-n*256 < 256 {
			tile.W = int(size - n*256)
		}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		bundle := read(filepath.Join(f.path, path))
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			all = append(all, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	return all
}

func main() {
	f := folder{os.Args[1]}
	verifier, err := note.NewVerifier(os.Args[2])
	must(err, "verifier key")
	opened, err := note.Open(read(filepath.Join(f.path, "checkpoint")), note.VerifierList(verifier))
	must(err, "note.Open")
	origin, head := tree(opened.Text)
	if origin != verifier.Name() {
		fatal("origin %q, key %q", origin, verifier.Name())
	}

	// Every entry's hash, as the tiles have it, authenticated against the root.
	reader := tlog.TileHashReader(head, f)
	all := entries(f, head.N)
	if int64(len(all)) != head.N {
		fatal("%d entries, size %d", len(all), head.N)
	}
	var indexes []int64
	for n := int64(0); n < head.N; n++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, n))
	}
	stored, err := reader.ReadHashes(indexes)
	must(err, "ReadHashes")
	for n, entry := range all {
		if stored[n] != tlog.RecordHash(entry) {
			fatal("entry %d has another hash than its tile", n)
		}
	}

	// Our offline proof of one entry.
	lines := strings.Split(string(read(os.Args[3])), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		fatal("proof file begins with %q", lines[0])
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err, "extra")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err, "index")
	end := 3
	for lines[end] != "" {
		end++
	}
	must(tlog.CheckRecord(tlog.RecordProof(hashes(lines[3:end])), head.N, head.Hash, index, tlog.RecordHash(entry)),
		"CheckRecord")
	if !bytes.Equal(entry, all[index]) {
		fatal("the proof's entry is not entry %d", index)
	}
	_, err = note.Open([]byte(strings.Join(lines[end+1:], "\n")), note.VerifierList(verifier))
	must(err, "the proof's checkpoint")

	// Our proof that the tree grew out of the one before.
	old, err := strconv.ParseInt(os.Args[5], 10, 64)
	must(err, "old size")
	if old > 0 {
		before, err := tlog.ParseHash(strings.TrimSpace(string(read(os.Args[6]))))
		must(err, "old root")
		lines = strings.Split(string(read(os.Args[4])), "\n")
		end = 1
		for lines[end] != "" {
			end++
		}
		must(tlog.CheckTree(tlog.TreeProof(hashes(lines[1:end])), head.N, head.Hash, old, before), "CheckTree")
	}
	must(os.WriteFile(os.Args[6], []byte(head.Hash.String()), 0o644), "write")
	fmt.Printf("%s: size %d, entry %d and growth from %d accepted\n", origin, head.N, index, old)
}
