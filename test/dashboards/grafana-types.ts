// The JSON of a dashboard as the SDK's types have it: what its classes and enums become when they are written. The npm package
// has no JSON schema; its types are generated from the same sources, and TypeScript checks literals against them, with no
// property left unknown.
import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge'
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import type * as gauge from '@grafana/grafana-foundation-sdk/gauge'
import type * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'
import type * as stat from '@grafana/grafana-foundation-sdk/stat'
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import type * as table from '@grafana/grafana-foundation-sdk/table'
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'

type Method = (...parameters: never[]) => unknown

/** Members of enums as their values; methods are gone. */
type Json<T> = 0 extends 1 & T
  ? T
  : T extends string
    ? `${T}`
    : T extends number
      ? `${T}` extends `${infer N extends number}`
        ? N
        : never
      : T extends readonly (infer Element)[]
        ? Json<Element>[]
        : T extends object
          ? { [K in keyof T as T[K] extends Method ? never : K]: Json<T[K]> }
          : T

type Field<Custom> = Json<Omit<dashboard.FieldConfig, 'custom'>> & { custom?: Json<Custom> }

interface PanelOf<Type, Options, Custom = Record<never, never>>
  extends Json<Omit<dashboard.Panel, 'type' | 'targets' | 'options' | 'fieldConfig'>> {
  type: Type
  targets: Json<Dataquery>[]
  options: Json<Options>
  fieldConfig: { defaults: Field<Custom>; overrides: Json<dashboard.FieldConfigSource['overrides']> }
}

type Panel =
  | PanelOf<'bargauge', bargauge.Options>
  | PanelOf<'gauge', gauge.Options>
  | PanelOf<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | PanelOf<'stat', stat.Options>
  | PanelOf<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>

interface Row extends Json<Omit<dashboard.RowPanel, 'panels'>> {
  panels: Panel[]
}

export interface Dashboard extends Json<Omit<dashboard.Dashboard, 'panels'>> {
  panels: (Panel | Row)[]
}
