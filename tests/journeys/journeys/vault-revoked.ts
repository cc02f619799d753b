// The owner stops openings in the middle of a call, lets them go on, then takes the mandate back: each holds for the
// very next opening.
import { callers, leakDesk, telephones, withoutWords } from "../lib/floor.ts";
import { type Person, VaultSite } from "../lib/vault_site.ts";
import type { Journey } from "../lib/journey.ts";
import { System } from "../lib/system.ts";
import { expectEqual, until } from "../lib/wait.ts";

export const journey: Journey = {
  title: "a freeze and a revocation by the owner hold for the very next opening",
  seconds: 180,
  async run(context) {
    const system = await System.start(context, {
      settings: (process, toml) => (process === "centre" ? withoutWords(toml) : toml),
    });
    const hana = await system.staff("hana");
    const phone = await telephones(system, context.folder, ["hana"], hana);
    const glass = await VaultSite.signIn(system.ready.glass_url, "hana", system.password("hana"));
    expectEqual((await glass.post("/leg", {})).status, 200, "registering the telephone");
    await hana.ready();
    await callers(system, { folder: context.folder, numbers: ["09000001001"], service: leakDesk.number });
    const talking = await hana.seesCall("the call connected", (one) => one.stage === "talking");
    const ticket = await until("a ticket for the call", () => hana.calls.get(talking.id)?.opening_ticket ?? undefined);
    const person = (await glass.get("/candidates", ticket)).body["people"][0] as Person;
    expectEqual((await glass.check(person, "name_kana", "カクウ ハナコ", ticket)).body["outcome"], "match", "the right name");
    expectEqual((await glass.open(person, ticket)).status, 200, "opening");

    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const live = (await owner.get("/owner/live")).body["tickets"];
    expectEqual(live.map((one: any) => [one.operator, one.opened]), [["hana", 1]], "who may open at this moment");
    const frozen = await owner.post("/owner/freezes", { scope: "person", name: "hana", reason: "journey" });
    expectEqual(frozen.status, 200, "freezing");
    expectEqual((await glass.open(person, ticket)).body["code"], "frozen", "opening while frozen");
    expectEqual((await owner.ask("DELETE", `/owner/freezes/${frozen.body["freeze"]}`, {})).status, 200, "lifting");
    expectEqual((await glass.open(person, ticket)).status, 200, "opening again");

    expectEqual((await glass.post("/owner/mandates/sakura-1/revoke", {})).status, 403, "revoking by an operator");
    expectEqual((await owner.post("/owner/mandates/sakura-1/revoke", {})).status, 200, "revoking");
    expectEqual((await glass.open(person, ticket)).body["code"], "revoked", "opening after the revocation");
    const mandates = (await owner.get("/owner/mandates")).body["mandates"] as { mandate: { id: string }; state: string }[];
    expectEqual(mandates.find(({ mandate }) => mandate.id === "sakura-1")?.state, "revoked", "its state on the owner's page");
    await hana.act(talking.id, "end");
    hana.stop();
    await phone.stop();
    await system.stop();
  },
};
