import { schema, types as t } from "../../mod.ts";

/** The columns of the birdstrikes, as generators are measured by them. */
export const BIRD_COLUMNS = schema({
  "Airport Name": t.dict,
  "Aircraft Make Model": t.dict,
  "Effect Amount of damage": t.dict,
  "Flight Date": t.timestamp,
  "Aircraft Airline Operator": t.dict,
  "Origin State": t.dict,
  "Phase of flight": t.dict,
  "Wildlife Size": t.dict,
  "Wildlife Species": t.dict,
  "Time of day": t.dict,
  "Cost Other": t.i32,
  "Cost Repair": t.i32,
  "Cost Total $": t.i32,
  "Speed IAS in knots": t.i32,
});
