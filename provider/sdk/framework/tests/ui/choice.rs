use tf_framework::Choice;

#[derive(Clone, Choice)]
struct Struct {
    field: String,
}

#[derive(Clone, Choice)]
enum Empty {}

#[derive(Clone, Choice)]
enum Holding {
    Nothing,
    Something(String),
}

#[derive(Clone, Choice)]
#[choice(rename_all = "kebab_case")]
enum Case {
    A,
}

#[derive(Clone, Choice)]
#[choice(renameall = "kebab-case")]
enum Slip {
    A,
}

#[derive(Clone, Choice)]
enum Same {
    First,
    #[choice("first")]
    Second,
    #[choice(third)]
    Third,
}

#[derive(Clone, Choice)]
enum Generic<T> {
    A(T),
}

fn main() {}
