using System.Text.Json;
using System.Text.Json.Serialization;

namespace EbpfActors.Agent.Status;

/// <summary>The status as JSON, both on the socket and for <c>status --json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AgentStatus))]
public sealed partial class AgentStatusJson : JsonSerializerContext
{
    public static byte[] Write(AgentStatus status) => JsonSerializer.SerializeToUtf8Bytes(status, Default.AgentStatus);

    /// <exception cref="JsonException">The bytes are not a status.</exception>
    public static AgentStatus Read(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, Default.AgentStatus) ?? throw new JsonException("the status is null");
}
