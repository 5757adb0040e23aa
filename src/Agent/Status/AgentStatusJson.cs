using System.Text.Json;
using System.Text.Json.Serialization;

namespace EbpfActors.Agent.Status;

/// <summary>The status as JSON, both on the socket and for <c>status --json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AgentStatus))]
[JsonSerializable(typeof(StatusFailure))]
internal sealed partial class AgentStatusJson : JsonSerializerContext
{
    public static byte[] Write(AgentStatus status) => JsonSerializer.SerializeToUtf8Bytes(status, Default.AgentStatus);

    public static byte[] Failure(string reason) => JsonSerializer.SerializeToUtf8Bytes(new StatusFailure(reason), Default.StatusFailure);

    /// <summary>Why the agent could tell no status; null when the bytes are something else.</summary>
    public static string? ReadFailure(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, Default.StatusFailure)?.NoStatus;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="JsonException">The bytes are not a status.</exception>
    public static AgentStatus Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, Default.AgentStatus) ?? throw new JsonException("the status is null");
}

/// <summary>What the agent answers when it cannot tell how it is doing.</summary>
internal sealed record StatusFailure(string? NoStatus);
