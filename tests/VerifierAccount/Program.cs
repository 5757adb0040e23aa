using EbpfActors.Probes;
using EbpfActors.VerifierAccount;

// Used by tests/kernels/run.
//   measure ENVIRONMENT             in a guest: loads every program of every object here, prints a line for each
//   compare RECORDED MEASURED...    what grew, shrank, is new or gone; exit status 1 when something has to be looked at
//   record  RECORDED MEASURED...    puts the measured environments in the place of the recorded ones
switch (args)
{
    case ["measure", var environment]:
        foreach (var account in Measure(environment))
        {
            Console.WriteLine(account);
        }

        return 0;
    case ["compare", var recorded, .. var measured]:
        var comparison = AccountComparison.Of(AccountFile.Read(recorded), [.. measured.SelectMany(AccountFile.Read)]);
        comparison.Remarks.ToList().ForEach(Console.WriteLine);
        comparison.Faults.ToList().ForEach(Console.WriteLine);
        return comparison.Faults.Count == 0 ? 0 : 1;
    case ["record", var recorded, .. var measured]:
        AccountFile.Write(recorded, AccountFile.Replace(AccountFile.Read(recorded), [.. measured.SelectMany(AccountFile.Read)]));
        return 0;
    default:
        Console.Error.WriteLine("usage: measure ENVIRONMENT | compare RECORDED MEASURED... | record RECORDED MEASURED...");
        return 2;
}

static IEnumerable<ProgramAccount> Measure(string environment)
{
    const string Extension = ".bpf.o";
    var assembly = typeof(IProbe).Assembly;
    foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(Extension, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
    {
        using var stream = assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        foreach (var account in new ObjectLoad(environment, resource[..^Extension.Length], bytes).Run())
        {
            yield return account;
        }
    }
}
