using System.Data.Common;

namespace HlsGateway.Analytics;

internal static class Questions
{
    /// <summary>Gives <c>@name</c> in the command's text a value, in either database.</summary>
    public static void With(this DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
