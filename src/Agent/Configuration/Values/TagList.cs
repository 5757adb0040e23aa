using System.Collections.Immutable;
using EbpfActors.Agent.Configuration.Settings;

namespace EbpfActors.Agent.Configuration.Values;

/// <summary>Tags that the user adds to every point, written <c>key=value</c>.</summary>
internal static class TagList
{
    /// <summary>Tags that the collector computes (every generation, every measurement); a user's tag never overwrites them.</summary>
    public static readonly ImmutableHashSet<string> Computed =
    [
        "source", "sub_source", "service", "family", "direction", "transport", "pid", "process_name", "netns", "conn_side",
        "src_ip", "src_ip_type", "src_port", "src_k8s_namespace", "src_k8s_pod_name", "src_k8s_service_name", "src_k8s_deployment_name",
        "dst_ip", "dst_ip_type", "dst_port", "dst_k8s_namespace", "dst_k8s_pod_name", "dst_k8s_service_name", "dst_k8s_deployment_name",
        "dst_domain", "dst_nat_ip", "dst_nat_port", "query_name", "query_type",
    ];

    public static Parsed<ImmutableArray<KeyValuePair<string, string>>> Parse(ImmutableArray<string> items)
    {
        var tags = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        var errors = ImmutableArray.CreateBuilder<string>();
        foreach (var item in items.Select(i => i.Trim()).Where(i => i.Length > 0))
        {
            var equals = item.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                errors.Add($"\"{item}\" is not a tag; write key=value");
                continue;
            }

            tags.Add(new(item[..equals].Trim(), item[(equals + 1)..].Trim()));
        }

        return new(tags.ToImmutable(), errors.ToImmutable());
    }
}
