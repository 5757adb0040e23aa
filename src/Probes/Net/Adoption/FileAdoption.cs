using EbpfActors.Probes.Bpf;

namespace EbpfActors.Probes.Net.Adoption;

/// <summary>The kernel walks over the open files of every process (iter/task_file, Linux 5.8). Nothing is handed to user space.</summary>
internal sealed class FileAdoption(BpfObject net) : IAdoption
{
    private readonly BpfIterator _files = net.AttachIterator("flow_adopt");

    public void Run(AdoptWhat what) => _files.Run(static bytes => bytes.Length);

    public void Dispose() => _files.Dispose();
}
