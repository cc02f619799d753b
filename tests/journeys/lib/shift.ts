// Somebody on the desk for journeys about records: at a telephone, signed in at the vault itself with the leg registered.
import type { Call, Staff } from "./api.ts";
import type { Baresip } from "./baresip.ts";
import { callers, leakDesk, telephones, wrapUp } from "./floor.ts";
import type { Program } from "./process.ts";
import type { System } from "./system.ts";
import { type Answer, type Person, VaultSite } from "./vault_site.ts";
import { expectEqual, until } from "./wait.ts";

export interface Served {
  call: Call;
  ticket: string;
  caller: Program;
}

export class Shift {
  private constructor(
    private readonly system: System,
    private readonly folder: string,
    readonly staff: Staff,
    private readonly phone: Baresip,
    readonly glass: VaultSite,
  ) {}

  /** `folder`: for what telephones and callers leave behind. */
  static async begin(system: System, folder: string, name = "hana"): Promise<Shift> {
    const staff = await system.staff(name);
    const phone = await telephones(system, folder, [name], staff);
    const glass = await VaultSite.signIn(system.ready.glass_url, name, system.password(name));
    expectEqual((await glass.post("/leg", {})).status, 200, "registering the telephone");
    return new Shift(system, folder, staff, phone, glass);
  }

  /** Ready, until a call from `number` is up and its ticket is here. */
  async takes(number: string, name = "caller"): Promise<Served> {
    await this.staff.ready();
    const caller = await callers(this.system, { folder: this.folder, name, numbers: [number], service: leakDesk.number });
    const call = await this.staff.seesCall("the call connected", (one) => one.stage === "talking");
    return { call, ticket: await this.ticketOf(call), caller };
  }

  ticketOf(call: Call, other = ""): Promise<string> {
    return until("a ticket for the call", () => {
      const ticket = this.staff.calls.get(call.id)?.opening_ticket;
      return ticket && ticket !== other ? ticket : undefined;
    });
  }

  /** Who is known by the caller's number. */
  async candidates(ticket: string): Promise<Person[]> {
    return (await this.glass.get("/candidates", ticket)).body["people"] as Person[];
  }
  async find(field: string, value: string, ticket: string): Promise<Person[]> {
    const found = await this.glass.post("/search", { all_of: [{ field, value }] }, ticket);
    expectEqual(found.status, 200, `searching by ${field}`);
    return found.body["people"] as Person[];
  }
  /** The identity check by the name in kana, then the ticket's purpose. */
  async opens(person: Person, kana: string, ticket: string): Promise<Answer> {
    expectEqual((await this.glass.check(person, "name_kana", kana, ticket)).body["outcome"], "match", "the identity check");
    return this.glass.open(person, ticket);
  }

  /** Ends the call and what is to be written afterwards. */
  async ends(served: Served): Promise<void> {
    await this.staff.act(served.call.id, "end");
    expectEqual(await served.caller.exits(20), 0, "SIPp's exit code");
    await wrapUp(this.staff, served.call.id);
  }

  async stop(): Promise<void> {
    this.staff.stop();
    await this.phone.stop();
  }
}
