// The owner stops openings in the middle of a call, lets them go on, then takes the mandate back: each holds for the
// very next opening.
import type { Journey } from "../lib/journey.ts";
import { VaultSite, checkedPerson, openingCall } from "../lib/vault_site.ts";
import { expectEqual } from "../lib/wait.ts";

export const journey: Journey = {
  title: "a freeze and a revocation by the owner hold for the very next opening",
  seconds: 180,
  async run(context) {
    const at = await openingCall(context);
    const { system, hana, phone, glass, talking, ticket } = at;
    const person = await checkedPerson(at);
    expectEqual((await glass.open(person, ticket)).status, 200, "opening");

    const owner = await VaultSite.signIn(system.ready.glass_url, "oku", system.password("oku"));
    const live = (await owner.get("/owner/live")).body["tickets"];
    expectEqual(live.map((one: any) => [one.operator, one.opened]), [["hana", 1]], "who may open at this moment");
    for (const scope of ["person", "desk"]) {
      const misspelt = await owner.post("/owner/freezes", { scope, name: "nosuchone", reason: "journey" });
      expectEqual([misspelt.status, misspelt.body["code"]], [400, `unknown_${scope}`], `freezing a ${scope} that is none`);
    }
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
