// What Grafana's published types say of a dashboard, so strict that an unknown or misspelt member is an error. The types
// know panels' own options and the queries of Prometheus; here they are put together. tests/grafana/run appends the dashboards.
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type * as dashboard from '@grafana/schema/dist/types/raw/dashboard/x/dashboard_types.gen.d.ts';
import type * as heatmap from '@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen.d.ts';
import type * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type * as statetimeline from '@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts';
import type * as table from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type * as timeseries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';

// JSON has an enum's value where a type has the enum.
type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
	: T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

type Query = Omit<Dataquery, '_implementsDataqueryVariant'>;
// `Partial`: Grafana's own defaults fill in the rest.
type FieldConfig<Custom> = Omit<dashboard.FieldConfig, 'custom'> & { custom?: Partial<Custom> };
interface PanelOf<Type extends string, Options, Custom> extends Omit<dashboard.Panel, 'type' | 'options' | 'targets' | 'fieldConfig'> {
	type: Type;
	id: number;
	title: string;
	description: string;
	gridPos: dashboard.GridPos;
	datasource: dashboard.DataSourceRef;
	options: Options;
	targets: Query[];
	fieldConfig: { defaults: FieldConfig<Custom>; overrides: dashboard.FieldConfigSource['overrides'] };
}
type Panel = PanelOf<'heatmap', heatmap.Options, heatmap.FieldConfig>
	| PanelOf<'stat', stat.Options, {}>
	| PanelOf<'state-timeline', statetimeline.Options, statetimeline.FieldConfig>
	| PanelOf<'table', table.Options, table.FieldConfig>
	| PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>
	| dashboard.RowPanel;
type Board = Plain<Omit<dashboard.Dashboard, 'panels'> & { panels: Panel[] }>;

