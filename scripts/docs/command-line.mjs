// Writes the reference of docs/command-line.md from the program itself; --check compares.
import { commandModule } from "./command.mjs";
import { table, updatePage } from "./page.mjs";

const { build } = await commandModule("program.ts");
const silent = { write() {}, columns: 100 };
const program = build({ stdout: silent, stderr: silent, signal: new AbortController().signal, environment: {} });

const cell = (text) =>
  text
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;")
    .replace(/\s*\n\s*/g, " ");

function optionsOf(command) {
  const rows = command
    .createHelp()
    .visibleOptions(command)
    .map((option) => {
      const [, meaning, written] = /^(.*?)(?: \(default: (.*)\))?$/s.exec(option.description);
      const said = option.defaultValueDescription ?? option.defaultValue ?? written;
      return [`\`${option.flags}\``, cell(meaning), said === undefined || said === false ? "" : cell(String(said))];
    });
  return table(["option", "meaning", "default"], rows);
}

/** What the help says behind its options. */
function examplesOf(command) {
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help
    .slice(help.indexOf("Examples:"))
    .split("\n")
    .filter((line) => line.startsWith("  hessia "))
    .map((line) => line.trim())
    .join("\n");
}

const values = {};
for (const command of program.commands) {
  const given = command.registeredArguments.map((argument) => {
    const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
    return `- \`${name}\`: ${cell(argument.description)}`;
  });
  values[command.name()] = [
    cell(command.description()),
    ...(given.length ? [given.join("\n")] : []),
    optionsOf(command),
    `\`\`\`sh\n${examplesOf(command)}\n\`\`\``,
  ].join("\n\n");
}
values.commands = table(
  ["command", "use it to"],
  program.commands.map((command) => [`[\`${command.name()}\`](#${command.name()})`, cell(command.summary())]),
);
updatePage("command-line.md", values);
