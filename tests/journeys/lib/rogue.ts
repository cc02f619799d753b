// What journeys of taken-over processes share: asking for all that is another role's, and what the vault then tells.
import { Role } from "./roles.ts";
import type { System } from "./system.ts";
import type { VaultSite } from "./vault_site.ts";
import { expectEqual, until } from "./wait.ts";

const forAdmin = [
  "VaultForAdmin.ReadJournal", "VaultForAdmin.ExportRecording", "VaultForAdmin.SetStaffPassword", "VaultForAdmin.SetStaffPhone",
  "VaultForAdmin.SetStaffPlace", "VaultForAdmin.DraftMandate", "VaultForAdmin.DisableStaff", "VaultForAdmin.BindNumber",
  "VaultForAdmin.ListOrganisations", "VaultRecordsForAdmin.ReadSchema", "VaultRecordsForAdmin.Import", "ProcessStatus.Read",
];
const forCentre = [
  "VaultForCentre.PutOrganisation", "VaultForCentre.AskDialTicket", "VaultForCentre.SettleWishes", "VaultForCentre.PutStaff",
  "VaultForCentre.SignedIn", "VaultStaffForCentre.EndStaffSessions", "VaultForCentre.AskOpeningTicket", "VaultForCentre.ExtendOpeningTicket", "VaultForCentre.EndOpeningTicket",
];

/** Every service of the vault that is for another role refuses this one. */
export async function refusedByOthers(role: Role, own: "centre" | "exchange"): Promise<void> {
  const asked = own === "centre" ? forAdmin : [...forAdmin, ...forCentre];
  for (const name of asked) expectEqual((await role.ask(name, {})).code, "PERMISSION_DENIED", `${name} asked by the ${own}`);
  if (own === "exchange") return;
  const attached = role.attach();
  const over = await until("the end of an exchange's stream that the centre began", () => attached.over, { signal: attached.onTold });
  expectEqual(over.code, "PERMISSION_DENIED", "VaultForExchange.Attach asked by the centre");
}

export interface Told {
  kind: string;
  outcome: string;
  operator?: string;
  call?: string;
  details?: Record<string, unknown>;
}

/** The client's log, newest first, as its owner's page shows it. */
export async function clientsLog(owner: VaultSite): Promise<Told[]> {
  const answer = await owner.get("/owner/entries?limit=200");
  expectEqual(answer.status, 200, "the owner's page");
  return (answer.body["entries"] as { entry: Told }[]).map(({ entry }) => entry);
}

/** Until the journal tells of each of these refusals, as "asked why". */
export async function journalled(system: System, wanted: string[]): Promise<Record<string, any>[]> {
  let lines: Record<string, any>[] = [];
  await until(`the journal to tell of ${wanted.join(", ")}`, async () => {
    lines = (await system.journal()).filter((line) => line["kind"] === "refused").map((line) => line["body"] as Record<string, any>);
    const told = new Set(lines.map((line) => `${line["asked"]} ${line["why"]}`));
    return wanted.every((one) => told.has(one)) || undefined;
  });
  return lines;
}

/** With whatever ticket, nobody's and anybody's cookie: nothing is shown to whoever has no session of their own. */
export async function glassIsClosed(nobody: VaultSite, ticket: string, subject: string): Promise<void> {
  const person = { owner: "sakura", subject };
  const asks: [string, string, object?][] = [
    ["GET", "/ticket"], ["GET", "/candidates"], ["GET", `/documents?owner=sakura&subject=${subject}`],
    ["GET", "/owner/mandates"], ["GET", "/owner/live"], ["GET", "/owner/entries"],
    ["POST", "/search", { all_of: [{ field: "letter_number", value: "S-1001" }] }],
    ["POST", "/check", { ...person, field: "name_kana", typed: "カクウ ハナコ" }],
    ["POST", "/open", person], ["POST", "/documents", { ...person, text: "x", draft: false }], ["POST", "/leg", {}],
    ["POST", "/vouch", { ...person, reason: "known" }], ["POST", "/ticket/purpose", { purpose: "answer" }],
    ["POST", "/owner/mandates/sakura-1/sign", { version: 1 }],
    ["GET", "/cases"], ["POST", "/cases", { ...person, reference: "C-1" }], ["POST", "/cases/any/ticket", {}], ["POST", "/cases/any/hand", { to: "hana" }],
    ["POST", "/owner/cases", { subject, to: "hana", desk: "sakura-leak", purpose: "answer", reference: "C-1", reason: "follow_up" }],
  ];
  for (const cookie of ["", `glass_session=${"0".repeat(64)}`, "glass_session=hana"])
    for (const [method, path, body] of asks) {
      nobody.cookie = cookie;
      expectEqual((await nobody.ask(method, path, body, ticket)).status, 401, `${method} ${path} without a session`);
    }
}
