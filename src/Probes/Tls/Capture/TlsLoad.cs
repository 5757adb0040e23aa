using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Tls.Capture;

/// <summary>
/// Loads the tls object with the best rungs that the kernel takes. A refusal may come at the load or at the attachment, which is tried at
/// a place of our own: from then on one is about the file, not about the rung.
/// </summary>
internal static class TlsLoad
{
    /// <param name="open">Opens the object anew each time, sized and with what it shares.</param>
    /// <param name="ladders">On the rungs that are loaded, when this returns.</param>
    /// <returns>Null when no rung of <c>tls-calls</c> is left.</returns>
    /// <exception cref="BpfException">The kernel refuses something that belongs to no hook: a map.</exception>
    public static TlsPrograms? Load(Func<BpfObject> open, TlsLadders ladders)
    {
        var place = OwnPlace.Find();
        var refused = new Dictionary<string, BpfException>();
        while (ladders.Calls.Rung is not null)
        {
            var obj = LoadOnce(open, ladders, refused);
            try
            {
                if (TryCalls(obj, ladders, refused, place) && TryReceive(obj, ladders))
                {
                    obj.FillPrograms("tls_programs", TlsLadders.AfterCalls);
                    return new TlsPrograms(obj, new TlsProbes(obj, ladders.Calls.Rung!.Name, refused), ladders);
                }
            }
            catch
            {
                obj.Dispose();
                throw;
            }

            obj.Dispose();
        }

        return null;
    }

    /// <summary>One program for one kind of place that is refused leaves the others.</summary>
    private static BpfObject LoadOnce(Func<BpfObject> open, TlsLadders ladders, Dictionary<string, BpfException> refused)
    {
        while (true)
        {
            try
            {
                return LadderLoad.Load(() => Choose(open, ladders, refused), ladders.All);
            }
            catch (BpfException e) when (e.Program is { } program && TlsProbes.AtOnePlace.Contains(program) && refused.TryAdd(program, e))
            {
                if (program == TlsLadders.AtBioWrite)
                {
                    ladders.Sockets.Refuse(e.Reason);
                }
            }
        }
    }

    private static BpfObject Choose(Func<BpfObject> open, TlsLadders ladders, Dictionary<string, BpfException> refused)
    {
        var obj = open();
        try
        {
            foreach (var program in TlsProbes.AtOnePlace.Where(p => ladders.IsAtAnyPlace || refused.ContainsKey(p)))
            {
                obj.Skip(program);
            }

            if (ladders.IsAtAnyPlace)
            {
                obj.ForManyPlaces(TlsLadders.AtAnyPlace, TlsLadders.AfterCalls);
            }

            return obj;
        }
        catch
        {
            obj.Dispose();
            throw;
        }
    }

    /// <summary>False when the object has not the programs of the rung that is left, or there is none.</summary>
    private static bool TryCalls(BpfObject obj, TlsLadders ladders, Dictionary<string, BpfException> refused, OwnPlace place)
    {
        var isAtAnyPlace = ladders.IsAtAnyPlace;
        while (ladders.Calls.Rung is { } rung && ladders.IsAtAnyPlace == isAtAnyPlace)
        {
            try
            {
                new TlsProbes(obj, rung.Name, refused).Try(place);
                return true;
            }
            catch (BpfException e)
            {
                ladders.Calls.Refuse(e.Reason);
            }
        }

        return false;
    }

    /// <summary>The same. It is attached for good with the first library whose reads it can tell about.</summary>
    private static bool TryReceive(BpfObject obj, TlsLadders ladders)
    {
        if (ladders.OnReceive is not { } program)
        {
            return true;
        }

        try
        {
            obj.Attach(program).Dispose();
            return true;
        }
        catch (BpfException e) when (e.MayPass)
        {
            return true;
        }
        catch (BpfException e)
        {
            ladders.Receive.Refuse(e.Reason);
            return ladders.OnReceive is null;
        }
    }
}
