//! A library of prompts as a company has it: many teams, most prompts alike and none the same.

use std::fmt::Write as _;

use super::Folder;

/// Prompts of one folder.
const OF_A_TEAM: usize = 25;
/// Partials that all prompts share.
const PARTIALS: usize = 20;

/// A committed project with `count` prompts and nothing to find in them.
pub(crate) fn create(count: usize) -> Folder {
    let folder = Folder::create(&format!("library-{count}"));
    folder.write("pf.yaml", "format: 1\n");
    for number in 0..PARTIALS {
        folder.write(&format!("prompts/shared/tone-{number}.md"), &partial(number));
    }
    for number in 0..count {
        let team = number / OF_A_TEAM;
        folder.write(&format!("prompts/team-{team}/task-{number}.yaml"), &prompt(number));
    }
    folder.commit()
}

/// A text that prompts include.
fn partial(number: usize) -> String {
    format!(
        "Write in plain words, at most {} sentences.\n\
         Do not promise anything that the terms of service do not say.\n\
         {{% if tier == \"enterprise\" %}}Name the account manager.{{% endif %}}\n",
        number + 2
    )
}

/// A prompt of some 70 lines: four typed variables, two messages of some 15 lines, an include, three examples.
pub(crate) fn prompt(number: usize) -> String {
    let mut text = String::new();
    let mut add = |part: std::fmt::Arguments<'_>| {
        text.write_fmt(part).expect("writing to a string cannot fail");
    };
    add(format_args!(
        "description: Sorts what customers of product {number} write, and says how urgent it is.
owner: team-{}
tags: [support, product-{number}]
model: {{provider: anthropic, name: claude-haiku-4-5-20251001, temperature: 0, max_output_tokens: {}}}
variables:
  ticket: {{type: string, description: What the customer wrote to us., minLength: 1, maxLength: {}}}
  tier:
    type: string
    description: What the customer pays for.
    enum: [free, pro, enterprise]
    default: free
  open_tickets: {{type: integer, minimum: 0, maximum: {}, default: 0}}
  orders:
    type: array
    description: The last orders, newest first.
    maxItems: 20
    items:
      type: object
      required: [id, total]
      properties:
        id: {{type: string}}
        total: {{type: number, minimum: 0}}
    default: []
",
        number / OF_A_TEAM,
        200 + number % 100,
        4000 + number,
        50 + number % 7,
    ));
    add(format_args!(
        "messages:
  - role: system
    content: |
      You sort the tickets of product {number}. Read the whole ticket before you decide.

      Choose exactly one label:
      - refund: money is to go back to the customer, for whatever reason.
      - bug: something does not work as the documentation of product {number} says.
      - question: the customer wants to know something and nothing is broken.
      - other: none of these, spam and thanks included.

      Urgency goes from 1 (can wait a week) to 5 (someone must call within the hour).
      {{% if tier == \"enterprise\" %}}
      The customer pays for a reaction within {} hours: raise the urgency by one.
      {{% endif %}}

      {{% include \"shared/tone-{}.md\" %}}

      Answer with a JSON object that has the keys `label`, `urgency` and `reason`.
  - examples: {{max: 3}}
  - role: user
    content: |
      The customer has {{{{ open_tickets }}}} open tickets and is on the plan {{{{ tier | upper }}}}.

      {{% if orders %}}
      The last orders:
      {{% for order in orders %}}
      {{{{ loop.index }}}}. {{{{ order.id }}}} for {{{{ order.total | round(2) }}}} EUR
      {{% endfor %}}
      {{% else %}}
      There are no orders of product {number}.
      {{% endif %}}

      The ticket, between the lines:

      ---
      {{{{ ticket | trim }}}}
      ---
",
        number % 8 + 1,
        number % PARTIALS,
    ));
    add(format_args!(
        "examples:
  - variables: {{ticket: \"Order {number} came twice, I want one of them refunded.\", tier: pro}}
    output: {{label: refund, urgency: 3, reason: The customer paid twice.}}
  - variables: {{ticket: The button for exports does nothing since Monday., open_tickets: 2}}
    output: {{label: bug, urgency: 4, reason: A function stopped working.}}
  - variables:
      ticket: Which plan do I need for product {number}?
      orders: [{{id: A-{number}, total: 12.5}}]
    output: {{label: question, urgency: 1, reason: It is about plans.}}
",
    ));
    text
}
