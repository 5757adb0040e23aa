using System.Diagnostics;
using System.Globalization;

namespace EbpfActors.EndToEnd.Tests.Traffic;

/// <summary>
/// An HTTP server in node that answers <c>/STATUS/...</c> with that status, and an agent in the same process that asks it over
/// connections that are kept alive. It counts the bytes of its sockets itself.
/// </summary>
internal static class NodeServer
{
    private const string Script = """
        const http = require('http');
        const [count] = process.argv.slice(1).map(Number);
        const sums = { client: {}, server: {} };
        const add = (side, socket, key) => {
          const now = { read: socket.bytesRead, written: socket.bytesWritten }, before = socket.last || { read: 0, written: 0 };
          const sum = sums[side][key] = sums[side][key] || { count: 0, read: 0, written: 0 };
          sum.count++; sum.read += now.read - before.read; sum.written += now.written - before.written;
          socket.last = now;
        };
        const server = http.createServer((request, response) => {
          request.resume();
          request.on('end', () => {
            response.statusCode = Number(request.url.split('/')[1]);
            response.write('first,');
            response.end('second');
          });
        });
        server.listen(0, '127.0.0.1', () => {
          const agent = new http.Agent({ keepAlive: true, maxSockets: 4 }), port = server.address().port;
          let left = count;
          const ask = i => {
            const status = [200, 201, 404, 500][i % 4], method = i % 2 ? 'POST' : 'GET', path = `/${status}/x`;
            const request = http.request({ agent, port, host: '127.0.0.1', method, path: path + '?n=' + i }, response => {
              response.resume();
              response.on('end', () => {
                add('client', request.socket, `${method} ${path} ${status}`);
                if (--left === 0) { agent.destroy(); server.close(() => console.log(JSON.stringify({ port, sums: sums.client }))); }
              });
            });
            request.end(method === 'POST' ? 'b'.repeat(i % 1000) : undefined);
          };
          for (let i = 0; i < count; i++) ask(i);
        });
        """;

    /// <summary>Runs it to its end; gives the port and what node counted at its clients, as lines of <see cref="Points.HttpSide"/>.</summary>
    public static (int Port, IReadOnlyList<string> Lines) Run(int count)
    {
        var start = new ProcessStartInfo("node", ["-e", Script, count.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        var said = node.StandardOutput.ReadToEnd();
        node.WaitForExit();
        using var json = System.Text.Json.JsonDocument.Parse(said);
        return (json.RootElement.GetProperty("port").GetInt32(),
        [
            .. json.RootElement.GetProperty("sums").EnumerateObject().Select(p =>
            {
                var words = p.Name.Split(' ');
                var sum = new Points.HttpSum(
                    p.Value.GetProperty("count").GetInt64(), p.Value.GetProperty("written").GetInt64(), p.Value.GetProperty("read").GetInt64());
                return Points.HttpSide.Line(words[0], words[1], long.Parse(words[2], CultureInfo.InvariantCulture), sum);
            }).Order(StringComparer.Ordinal),
        ]);
    }
}
