//! The last administrator who is active.

use serde_json::json;

use super::Admin;

#[tokio::test]
async fn the_last_admin_stays_whichever_way_is_tried() {
    let admin = Admin::new().await;
    let key = admin.app.service_key(true).await;
    let (id, app) = (&admin.root.user_id, &admin.app);
    let path = format!("/users/{id}");
    admin.send("DELETE", &path).await.has_error(409, "last_admin");
    admin.send("POST", &format!("{path}/disable")).await.has_error(409, "last_admin");
    let demoted = admin.send_json("PATCH", &path, json!({"role": "user"})).await;
    demoted.has_error(409, "last_admin");
    let moved = admin.send_json("PATCH", &path, json!({"email": "new@example.com"})).await;
    moved.has_error(409, "last_admin");
    let own = app.call("DELETE", "/api/v1/users").bearer(&admin.root.access).send().await;
    own.has_error(409, "last_admin");
    for path in
        [format!("/api/users/id?user_id={id}"), "/api/users/identifier?identifier=root".to_owned()]
    {
        app.call("DELETE", &path).bearer(&key).send().await.has_error(409, "last_admin");
    }
    let user = admin.get(&path).await.json();
    assert_eq!((&user["role"], &user["email"]), (&json!("admin"), &json!("root@example.com")));
    // With an address that is vouched for they stay one.
    let body = json!({"email": "new@example.com", "email_confirmed": true});
    admin.send_json("PATCH", &path, body).await.has_status(200);
}

#[tokio::test]
async fn of_two_admins_who_remove_each_other_at_once_one_stays() {
    for round in 0..8 {
        let admin = Admin::new().await;
        let other = admin.app.admin_called("other").await;
        let (one, two) = (format!("/users/{}", other.user_id), &admin.root.user_id);
        let two = format!("/api/v1/admin/users/{two}");
        let by_other = match round % 3 {
            0 => admin.app.call("DELETE", &two),
            1 => admin.app.call("POST", &format!("{two}/disable")),
            _ => admin.app.call("PATCH", &two).json(json!({"role": "user"})),
        };
        let (first, second) =
            tokio::join!(admin.send("DELETE", &one), by_other.bearer(&other.access).send());
        let statuses = (first.status.as_u16(), second.status.as_u16());
        let won = |status| (200..300).contains(&status);
        assert!(won(statuses.0) != won(statuses.1), "{statuses:?}");
        let left = admin.app.auth.admin_summary().await.unwrap().summary.admins;
        assert!(left >= 1, "{statuses:?}");
    }
}

#[tokio::test]
async fn of_admins_who_all_leave_at_once_one_stays() {
    let admin = Admin::new().await;
    let mut leaving = Vec::new();
    for name in ["bob", "carl", "dora"] {
        leaving.push(admin.app.admin_called(name).await);
    }
    leaving.push(crate::harness::Session {
        user_id: admin.root.user_id.clone(),
        access: admin.root.access.clone(),
        refresh: admin.root.refresh.clone(),
    });
    let leave = |one: &crate::harness::Session| {
        admin.app.call("DELETE", "/api/v1/users").bearer(&one.access).send()
    };
    let (a, b, c, d) = tokio::join!(
        leave(&leaving[0]),
        leave(&leaving[1]),
        leave(&leaving[2]),
        leave(&leaving[3])
    );
    let mut statuses = [a, b, c, d].map(|reply| reply.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 409]);
}
