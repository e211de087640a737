# A dashboard as Grafana would ask it: one line of JSON for each question, with the variables' values in place.
# $values: {name: value}. A value for several is a regular expression.
def filled: . as $text | reduce ($values | to_entries | sort_by(-(.key | length))[]) as $v ($text;
	gsub("\\$\\{\($v.key)(:[a-z]+)?\\}|\\$\($v.key)\\b"; $v.value));
.uid as $uid | .panels[] | select(.type != "row") | . as $panel | .targets[]
| { who: "\($uid): \($panel.title) \(.refId)", expr: (.expr | filled), over_time: .range }
