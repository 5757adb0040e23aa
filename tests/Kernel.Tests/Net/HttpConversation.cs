using System.Text;
using CsCheck;

namespace EbpfActors.Kernel.Tests.Net;

/// <summary>One exchange as it is said, byte by byte, and in what pieces.</summary>
internal sealed record Said(string Request, string Response, Seen Seen, int[] RequestPieces, int[] ResponsePieces);

/// <summary>Draws valid HTTP/1.x: any framing, any headers, lines ended with or without CR, pieces of any size. A char is a byte.</summary>
internal static class HttpConversation
{
    private const string AnyByte = "\0\r\n aZ0:\u00ff{";

    private static readonly Gen<string> LineEnd = Gen.Frequency((9, Gen.Const("\r\n")), (1, Gen.Const("\n")));

    private static readonly Gen<string> Name = Gen.OneOf(
        Gen.String[Gen.Char['a', 'z'], 1, 30],
        Gen.OneOf("X-Content-Length", "Content-Length-X", "Content-Lengt", "Transfer", "Transfer-Encodings", "Content-Type", "TE"));

    private static readonly Gen<string> Value = Gen.OneOf(
        Gen.String[Gen.Char[' ', '~'], 0, 150],
        Gen.OneOf("chunked", "HTTP/1.1 500 No", "GET / HTTP/1.1", "", "7", ": :"));

    private static readonly Gen<string> Header = Gen.Select(Name, Value, (name, value) => $"{name}: {value}");

    private static readonly Gen<string> Bytes = Gen.OneOf(
        Gen.String[Gen.OneOf(AnyByte.ToCharArray()), 0, 200],
        Gen.Int[0, 3000].Select(n => new string('b', n)),
        Gen.OneOf("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "GET /no HTTP/1.1\r\n\r\n", "\r\n\r\n", "0\r\n\r\n"));

    /// <summary>A body with the header that frames it.</summary>
    private static readonly Gen<(string Header, string Body)> Framed = Gen.OneOf(
        Bytes.Select(b => ($"Content-Length: {b.Length}", b)),
        Bytes.Select(b => ($"content-length:\t{b.Length} ", b)),
        Gen.Select(Bytes.Array[0, 5], Gen.OneOf("", ";x=y", " "), Gen.OneOf("chunked", "gzip, Chunked")).Select(t => ($"Transfer-Encoding: {t.Item3}", Chunked(t.Item1, t.Item2))));

    private static readonly Gen<string> Method = Gen.OneOf("GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "get", "X-Y", "GETS");

    private static readonly Gen<string> Path = Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.OneOf('/', '.', '%')), 0, 300].Select(p => "/" + p);

    private static readonly Gen<string> Query = Gen.OneOf(Gen.Const(""), Gen.String[Gen.Char['a', 'z'], 0, 300].Select(q => "?" + q));

    private static readonly Gen<int[]> Pieces = Gen.OneOf(
        Gen.Const(new[] { 1 << 20 }),
        Gen.Int[1, 40].Array[1, 4],
        Gen.Int[1, 2000].Array[1, 4]);

    private static readonly Gen<(string Text, string Method, string Path)> Request = Gen.Select(
        Gen.Select(Method, Path, Query),
        Header.Array[0, 6],
        Gen.Frequency((2, Gen.Const(("", ""))), (1, Framed)),
        LineEnd,
        (start, headers, body, end) =>
            ($"{start.Item1} {start.Item2}{start.Item3} HTTP/1.1{end}{Head(headers, body.Item1, end)}{body.Item2}", start.Item1, start.Item2));

    private static readonly Gen<(string Head, string Body, int Status)> Response = Gen.Select(
        Gen.OneOf(200, 201, 202, 204, 304, 404, 500, 599),
        Header.Array[0, 6],
        Framed,
        LineEnd,
        Gen.Frequency((5, Gen.Const("")), (1, Gen.Const("HTTP/1.1 100 Continue\r\n\r\n")), (1, Gen.Const("HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"))),
        (status, headers, body, end, interim) =>
            ($"{interim}HTTP/1.1 {status} Why{end}{Head(headers, body.Header, end)}", status is 204 or 304 ? "" : body.Body, status));

    /// <summary>The exchanges of one connection.</summary>
    public static Gen<Said[]> Exchanges { get; } = Gen.Select(Request, Response, Pieces, Pieces, Join).Array[1, 6];

    private static Said Join((string Text, string Method, string Path) request, (string Head, string Body, int Status) response, int[] requestPieces, int[] responsePieces)
    {
        var answer = request.Method == "HEAD" ? response.Head : response.Head + response.Body;
        return new Said(request.Text, answer, new Seen(request.Method, request.Path, response.Status, request.Text.Length, answer.Length), requestPieces, responsePieces);
    }

    private static string Head(string[] headers, string framing, string end) =>
        string.Concat(headers.Append(framing).Where(h => h.Length > 0).Select(h => h + end)) + end;

    private static string Chunked(string[] chunks, string extension)
    {
        var body = new StringBuilder();
        foreach (var chunk in chunks.Where(c => c.Length > 0))
        {
            body.Append($"{chunk.Length:x}{extension}\r\n{chunk}\r\n");
        }

        return body.Append("0\r\nTrailer: x\r\n\r\n").ToString();
    }
}
