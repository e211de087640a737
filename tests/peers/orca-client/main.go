// orca-client: subscribes to load reports (ORCA, out of band) by gRPC's own library.
//
//	orca-client [OPTION...] ADDRESS:PORT
//
// A line for each report: seconds since the call began, then cpu, mem, rps, eps and application as NAME=VALUE. Ends after -n
// reports. When the call ends before, its last line is the status code of gRPC, and the exit status 3.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	orcapb "github.com/cncf/xds/go/xds/service/orca/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

var (
	interval  = flag.Duration("interval", time.Second, "between reports; 0: none is requested")
	count     = flag.Int("n", 2, "reports")
	authority = flag.String("authority", "", "the host of the calls")
	timeout   = flag.Duration("timeout", 30*time.Second, "for all of it")
)

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if *authority != "" {
		options = append(options, grpc.WithAuthority(*authority))
	}
	conn, err := grpc.NewClient("passthrough:///"+flag.Arg(0), options...)
	if err != nil {
		return err
	}
	defer conn.Close()
	request := &orcapb.OrcaLoadReportRequest{}
	if *interval > 0 {
		request.ReportInterval = durationpb.New(*interval)
	}
	began := time.Now()
	stream, err := orcapb.NewOpenRcaServiceClient(conn).StreamCoreMetrics(ctx, request)
	if err != nil {
		return err
	}
	for i := 0; i < *count; i++ {
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		fmt.Printf("%.2f cpu=%g mem=%g rps=%g eps=%g application=%g\n", time.Since(began).Seconds(), r.CpuUtilization,
			r.MemUtilization, r.RpsFractional, r.Eps, r.ApplicationUtilization)
	}
	return nil
}

func main() {
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: orca-client [OPTION...] ADDRESS:PORT")
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Println(status.Code(err), status.Convert(err).Message())
		os.Exit(3)
	}
}
