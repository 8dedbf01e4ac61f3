// The Go peer: encoding/json into typed records. Binary becomes []byte by encoding/json itself; the syntax of numbers is
// checked in a walk, as encoding/json does not know them. Command line and output: peer_main() in peer.h.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

type value struct {
	S    *string
	N    *string
	B    []byte
	BOOL *bool
	NULL *bool
	M    map[string]value
	L    []value
	SS   []string
	NS   []string
	BS   [][]byte
}

type item map[string]value

type change struct {
	ApproximateCreationDateTime int64
	Keys, NewImage, OldImage    item
	SequenceNumber              string
	SizeBytes                   int64
	StreamViewType              string
}

type record struct {
	EventID        string `json:"eventID"`
	EventName      string `json:"eventName"`
	EventSourceARN string `json:"eventSourceARN"`
	AWSRegion      string `json:"awsRegion"`
	Change         change `json:"dynamodb"`
}

type event struct {
	Records []record
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

func digits(text string, at int) int {
	for at < len(text) && text[at] >= '0' && text[at] <= '9' {
		at++
	}
	return at
}

func checkNumber(text string) {
	at := 0
	if at < len(text) && (text[at] == '-' || text[at] == '+') {
		at++
	}
	begin := at
	at = digits(text, at)
	ok := at > begin
	if at < len(text) && text[at] == '.' {
		begin = at + 1
		at = digits(text, begin)
		ok = ok && at > begin
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		at++
		if at < len(text) && (text[at] == '-' || text[at] == '+') {
			at++
		}
		begin = at
		at = digits(text, at)
		ok = ok && at > begin
	}
	if !ok || at != len(text) {
		fail("not a number")
	}
}

func checkValue(v *value) {
	switch {
	case v.N != nil:
		checkNumber(*v.N)
	case v.M != nil:
		checkItem(v.M)
	case v.L != nil:
		for i := range v.L {
			checkValue(&v.L[i])
		}
	case v.NS != nil:
		for _, n := range v.NS {
			checkNumber(n)
		}
	}
}

func checkItem(attributes map[string]value) {
	for _, v := range attributes {
		checkValue(&v)
	}
}

func decode(corpus []byte) *event {
	var decoded event
	if err := json.Unmarshal(corpus, &decoded); err != nil {
		fail(err.Error())
	}
	for i := range decoded.Records {
		change := &decoded.Records[i].Change
		checkItem(change.Keys)
		checkItem(change.NewImage)
		checkItem(change.OldImage)
	}
	return &decoded
}

// The checksum.

var names = []string{"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

type tally struct {
	kinds                                                     map[string]int
	text, strings, numbers, binary, edges, trues, names, bytes int
	created, size                                             int64
}

func (t *tally) string(text string) {
	t.kinds["S"]++
	t.strings += len(text)
}

func (t *tally) number(text string) {
	t.kinds["N"]++
	t.numbers += len(text)
}

func (t *tally) blob(bytes []byte) {
	t.kinds["B"]++
	t.binary += len(bytes)
	if len(bytes) > 0 {
		t.edges += int(bytes[0]) + int(bytes[len(bytes)-1])
	}
}

func (t *tally) value(v *value) {
	switch {
	case v.S != nil:
		t.string(*v.S)
	case v.N != nil:
		t.number(*v.N)
	case v.B != nil:
		t.blob(v.B)
	case v.BOOL != nil:
		t.kinds["BOOL"]++
		if *v.BOOL {
			t.trues++
		}
	case v.NULL != nil:
		t.kinds["NULL"]++
	case v.M != nil:
		t.kinds["M"]++
		t.item(v.M)
	case v.L != nil:
		t.kinds["L"]++
		for i := range v.L {
			t.value(&v.L[i])
		}
	case v.SS != nil:
		t.kinds["SS"]++
		for _, s := range v.SS {
			t.string(s)
		}
	case v.NS != nil:
		t.kinds["NS"]++
		for _, n := range v.NS {
			t.number(n)
		}
	case v.BS != nil:
		t.kinds["BS"]++
		for _, b := range v.BS {
			t.blob(b)
		}
	default:
		fail("no type")
	}
}

func (t *tally) item(attributes map[string]value) {
	for name, v := range attributes {
		t.names++
		t.bytes += len(name)
		t.value(&v)
	}
}

func checksum(decoded *event) string {
	t := tally{kinds: map[string]int{}}
	for i := range decoded.Records {
		r := &decoded.Records[i]
		for _, text := range []string{r.EventID, r.EventName, r.EventSourceARN, r.AWSRegion, r.Change.SequenceNumber,
			r.Change.StreamViewType} {
			t.text += len(text)
		}
		t.created += r.Change.ApproximateCreationDateTime
		t.size += r.Change.SizeBytes
		t.item(r.Change.Keys)
		t.item(r.Change.NewImage)
		t.item(r.Change.OldImage)
	}
	text := fmt.Sprintf("records=%d text=%d created=%d size=%d", len(decoded.Records), t.text, t.created, t.size)
	for _, name := range names {
		text += fmt.Sprintf(" %s=%d", name, t.kinds[name])
	}
	return text + fmt.Sprintf(" strings=%d numbers=%d binary=%d edges=%d true=%d names=%d:%d", t.strings, t.numbers,
		t.binary, t.edges, t.trues, t.names, t.bytes)
}

func processorSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err.Error())
	}
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

func main() {
	if len(os.Args) != 3 {
		fail("PROGRAM CORPUS SECONDS")
	}
	corpus, err := os.ReadFile(os.Args[1])
	if err != nil {
		fail(err.Error())
	}
	wanted, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		fail(err.Error())
	}
	decoded := decode(corpus)
	took, passes := 0.0, 1
	for ; ; passes *= 2 {
		began := processorSeconds()
		for i := 0; i < passes; i++ {
			decoded = decode(corpus)
		}
		took = processorSeconds() - began
		if took >= wanted {
			break
		}
	}
	fmt.Printf("{\"ns\":%.1f,\"passes\":%d,\"allocations\":null,\"checksum\":\"%s\"}\n", took*1e9/float64(passes), passes,
		checksum(decoded))
}
