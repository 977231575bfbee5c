//! The framework a provider is written in: schema, planner, models, server.
