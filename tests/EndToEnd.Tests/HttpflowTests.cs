using System.Globalization;
using System.Text.RegularExpressions;
using EbpfActors.EndToEnd.Tests.Agent;
using EbpfActors.EndToEnd.Tests.Points;
using EbpfActors.EndToEnd.Tests.Traffic;
using EbpfActors.Kernel.Tests.Traffic;
using Shouldly;

namespace EbpfActors.EndToEnd.Tests;

/// <summary>Servers and clients that people run: the points are what both of them counted themselves.</summary>
public sealed partial class HttpflowTests
{
    private static readonly string[] Flags = ["--include-loopback", "--interval", "1s"];

    [Fact]
    public async Task Nginx_and_its_load_generators_count_what_DataKit_got()
    {
        await using var run = await AgentRun.StartAsync(Flags);
        int port, ofWrk;
        string[] log;
        using (var nginx = Nginx.Start(
            workers: 2,
            server: "root www; location /made { return 201 made; } location /gone { return 410; } location /up { root www; dav_methods PUT; client_body_temp_path up; }",
            http: "log_format counted '$request_method $uri $status $request_length $bytes_sent'; access_log access.log counted; sendfile on; tcp_nopush on;"))
        {
            port = nginx.Port;
            File.WriteAllBytes(nginx["www/large.bin"], new byte[300_000]);
            File.WriteAllBytes(nginx["body"], new byte[5_000]);
            Ab(nginx, 3_000, "-k -c 8", "/made?q=1");
            Ab(nginx, 300, "-c 4", "/large.bin");
            Ab(nginx, 300, $"-k -c 2 -u {nginx["body"]}", "/up");
            Ab(nginx, 500, "-k -c 4 -i", "/large.bin");
            Ab(nginx, 100, "-c 2", "/gone", isFine: false);
            Ab(nginx, 100, "-c 2", "/none", isFine: false);
            ofWrk = int.Parse(
                Completed().Match(Shell.Run("wrk", $"-t1 -c8 -d2s http://127.0.0.1:{port}/made/by/wrk")).Groups[1].Value, CultureInfo.InvariantCulture);
            await run.Agent.FlushesAsync(1);
            log = nginx.QuitAndRead("access.log");
        }

        var points = await run.EndAsync();
        var (client, server) = (HttpSide.Client(points, port), HttpSide.Server(points, port));
        server.Lines.ShouldBe(Logged(log));
        var wrk = ("GET", "/made/by/wrk", 201L);
        client.Lines.Where(l => !l.Contains("/wrk", StringComparison.Ordinal)).ShouldBe(server.Lines.Where(l => !l.Contains("/wrk", StringComparison.Ordinal)));
        server.Sums[("GET", "/made", 201)].Count.ShouldBe(3_000);
        // wrk ends in the middle of what its eight connections are at.
        client.Sums[wrk].Count.ShouldBeInRange(ofWrk, ofWrk + 8);
        server.Sums[wrk].Count.ShouldBeInRange(client.Sums[wrk].Count, ofWrk + 8);
    }

    [Fact]
    public async Task Curl_and_python_count_what_DataKit_got()
    {
        await using var run = await AgentRun.StartAsync(Flags);
        using var home = new AgentHome();
        File.WriteAllBytes(home["file.bin"], new byte[70_000]);
        var folder = Path.GetDirectoryName(home["file.bin"])!;
        using var python = new RunningProgram("/usr/bin/python3", $"-u -m http.server 0 --bind 127.0.0.1 --directory {folder}");
        var port = int.Parse(PythonPort().Match((await python.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!).Groups[1].Value, CultureInfo.InvariantCulture);
        var expected = new List<string>();
        Curl("GET", "/file.bin", "", 200);
        Curl("HEAD", "/file.bin", "-I", 200);
        Curl("GET", "/file.bin", "-0 -H \"X: y\"", 200);
        Curl("GET", "/none", "", 404);
        python.Process.Kill();
        Eventually.Ends(python.Process);

        var points = await run.EndAsync();
        HttpSide.Client(points, port).Lines.ShouldBe(expected.Order(StringComparer.Ordinal));
        HttpSide.Server(points, port).Lines.ShouldBe(expected.Order(StringComparer.Ordinal));

        void Curl(string method, string path, string flags, int status)
        {
            var sizes = Shell.Run("curl", $"-s -o /dev/null {flags} -w %{{size_request}},%{{size_upload}},%{{size_header}},%{{size_download}} http://127.0.0.1:{port}{path}?q")
                .Split(',').Select(s => long.Parse(s, CultureInfo.InvariantCulture)).ToArray();
            var sum = new HttpSum(1, sizes[0] + sizes[1], sizes[2] + sizes[3]);
            expected.RemoveAll(l => l.StartsWith($"{method} {path} {status}:", StringComparison.Ordinal) && Merge(l, ref sum));
            expected.Add(HttpSide.Line(method, path, status, sum));
        }

        static bool Merge(string line, ref HttpSum sum)
        {
            var numbers = Numbers().Matches(line[line.IndexOf(':', StringComparison.Ordinal)..]).Select(m => long.Parse(m.Value, CultureInfo.InvariantCulture)).ToArray();
            sum = new HttpSum(sum.Count + numbers[0], sum.Request + numbers[1], sum.Response + numbers[2]);
            return true;
        }
    }

    [Fact]
    public async Task Node_counts_what_DataKit_got()
    {
        await using var run = await AgentRun.StartAsync(Flags);

        var (port, lines) = NodeServer.Run(2_000);

        var points = await run.EndAsync();
        lines.Count.ShouldBe(4);
        HttpSide.Client(points, port).Lines.ShouldBe(lines);
        HttpSide.Server(points, port).Lines.ShouldBe(lines);
    }

    /// <summary>
    /// Four clocks around the same bytes, each inside the next: the server's code, the server's socket, the client's socket, the
    /// client's code. So the latencies are bounded by what both programs measured, without any tolerance.
    /// </summary>
    [Fact]
    public async Task The_latency_of_both_sockets_lies_between_what_Kestrel_and_HttpClient_measured()
    {
        await using var run = await AgentRun.StartAsync(Flags);
        long inClient;
        int port;
        await using (var kestrel = await KestrelServer.StartAsync())
        {
            port = kestrel.Port;
            inClient = await kestrel.AskAsync(count: 60);
            await run.Agent.FlushesAsync(2);
            inClient += await kestrel.AskAsync(count: 60);

            var points = await run.EndAsync();
            var (client, server) = (HttpSide.Client(points, port), HttpSide.Server(points, port));
            client.Lines.ShouldBe(server.Lines);
            client.Sums.ToDictionary(s => s.Key, s => s.Value.Count).ShouldBe(
                KestrelServer.Answers.ToDictionary(a => a, a => 120L / KestrelServer.Answers.Count), ignoreOrder: true);
            // A point's latency is an integer mean: less than a nanosecond an exchange is cut off.
            foreach (var answer in KestrelServer.Answers)
            {
                (server.Sums[answer].Latency + 120).ShouldBeGreaterThanOrEqualTo(kestrel.InCode[answer.Path], answer.Path);
                (client.Sums[answer].Latency + 120).ShouldBeGreaterThanOrEqualTo(server.Sums[answer].Latency, answer.Path);
            }

            inClient.ShouldBeGreaterThanOrEqualTo(client.Sums.Values.Sum(s => s.Latency));
        }
    }

    private static void Ab(Nginx nginx, int count, string flags, string path, bool isFine = true)
    {
        var said = Shell.Run("ab", $"-q -n {count} {flags} http://127.0.0.1:{nginx.Port}{path}");
        said.ShouldMatch($@"Complete requests:\s+{count}\n");
        said.ShouldMatch(@"Failed requests:\s+0\n");
        said.Contains("Non-2xx", StringComparison.Ordinal).ShouldBe(!isFine);
    }

    private static IEnumerable<string> Logged(string[] log) => log.Select(l => l.Split(' '))
        .GroupBy(w => (Method: w[0], Path: w[1], Status: long.Parse(w[2], CultureInfo.InvariantCulture)))
        .Select(g => HttpSide.Line(g.Key.Method, g.Key.Path, g.Key.Status, new HttpSum(
            g.Count(), g.Sum(w => long.Parse(w[3], CultureInfo.InvariantCulture)), g.Sum(w => long.Parse(w[4], CultureInfo.InvariantCulture)))))
        .Order(StringComparer.Ordinal);

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Completed();

    [GeneratedRegex(@"port (\d+)")]
    private static partial Regex PythonPort();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();
}
