using System.Collections.Immutable;

namespace EbpfActors.Agent.Configuration.Settings;

/// <summary>Reads what a layer says about a setting; never throws.</summary>
internal delegate Parsed<T> ValueParser<T>(ImmutableArray<string> values);

/// <summary>A value, meaningful only when there are no errors. An error completes the sentence that the key begins.</summary>
internal readonly record struct Parsed<T>(T Value, ImmutableArray<string> Errors);

/// <summary>Makes the results of parsers.</summary>
internal static class Parsed
{
    public static Parsed<T> Ok<T>(T value) => new(value, []);

    public static Parsed<T> Error<T>(string error) => new(default!, [error]);

    /// <summary>A parser of a single text; of a repeated flag the last one counts, as in the reference.</summary>
    public static ValueParser<T> Last<T>(Func<string, Parsed<T>> parse) => values => parse(values.IsEmpty ? "" : values[^1]);
}
