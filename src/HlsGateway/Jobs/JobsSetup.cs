namespace HlsGateway.Jobs;

/// <summary>Registers the jobs, which the workers of every machine on the database share.</summary>
internal static class JobsSetup
{
    public static void AddJobs(this WebApplicationBuilder builder)
    {
        builder.Services.AddAnnotatedOptions<JobsOptions>(JobsOptions.Section);
        builder.Services.AddSingleton<JobTable>().AddSingleton<JobLoop>();
    }
}
